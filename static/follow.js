/* Keeps a page about work in progress up to date: fetches it again, or the part of it whose address it gives, and puts the
 * new content in place until the work is done. */
"use strict";

const REGION = "[data-follow]";
const SECONDS = 2;

async function fetched(region) {
    const answer = await fetch(region.dataset.follow || window.location.href, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return answer.ok ? page.getElementById(region.id) : null;
}

async function follow() {
    const region = document.querySelector(REGION);
    if (!region) return;
    const fresh = await fetched(region).catch(() => region);
    if (!fresh) return;
    if (fresh.outerHTML !== region.outerHTML) region.replaceWith(document.adoptNode(fresh));
    later(fresh);
}

function later(region) {
    window.setTimeout(follow, Number(region?.dataset.seconds || SECONDS) * 1000);
}

later(document.querySelector(REGION));
