/* Gives the boxes that Select2 puts in the place of a list the label of that list, for whoever hears the page. */
"use strict";

/* The label of the list that a box of Select2 stands for. */
function labelOf(box) {
    const list = box?.previousElementSibling;
    return list ? document.querySelector(`label[for="${CSS.escape(list.id)}"]`) : null;
}

/* A box is named by the label, and where one is chosen, by that too. */
function nameBox(box) {
    const label = labelOf(box);
    if (!label) return;
    label.id ||= `${label.htmlFor}_label`;
    const chosen = box.querySelector("[role=textbox][id]");
    box.querySelector("[role=combobox]")?.setAttribute("aria-labelledby", chosen ? `${label.id} ${chosen.id}` : label.id);
    box.querySelectorAll("[role=textbox], [role=searchbox]").forEach(each => each.setAttribute("aria-labelledby", label.id));
}

/* jQuery calls in turn who waits for the page, and Select2 makes its boxes then: whoever asks now comes after it. */
window.addEventListener("load", () =>
    window.django?.jQuery?.(() => document.querySelectorAll("select + .select2").forEach(nameBox)));

/* What an open box shows stands at the end of the page and is made each time. */
document.addEventListener("focusin", event => {
    if (!event.target.matches(".select2-search--dropdown .select2-search__field")) return;
    const label = labelOf(document.querySelector("select + .select2-container--open"));
    if (label) event.target.setAttribute("aria-label", label.textContent.trim());
});
