/* Shows what a form gives while it is filled in: sends it to be tried, and puts what has changed into the places marked for it. */
"use strict";

const MILLISECONDS = 300;
const form = document.querySelector("form[data-live-form]");
let timer = 0;
let latest = 0;

async function tryForm() {
    const number = ++latest;
    const sent = new FormData(form);
    form.querySelectorAll("input[type=file]").forEach(each => sent.delete(each.name));
    sent.append("try", "yes");
    const answer = await fetch(window.location.href, { method: "POST", body: sent, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || number !== latest) return;
    document.querySelectorAll("[data-live]").forEach(place => {
        const fresh = page.getElementById(place.id);
        /* What says the same stays, so that it is not read aloud again. */
        if (fresh && !fresh.isEqualNode(place)) place.replaceChildren(...document.adoptNode(fresh).childNodes);
    });
}

form?.addEventListener("input", event => {
    if (event.target.type === "file") return;
    window.clearTimeout(timer);
    timer = window.setTimeout(tryForm, MILLISECONDS);
});
