/* Keeps a page about work in progress up to date: fetches it again and puts the new content in place, until the work is done. */
"use strict";

const REGION = "[data-follow]";
const SECONDS = 2;

async function follow() {
    const region = document.querySelector(REGION);
    if (!region) return;
    const answer = await fetch(window.location.href, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(region.id);
    if (!answer.ok || !fresh) return;
    region.replaceWith(document.adoptNode(fresh));
    window.setTimeout(follow, SECONDS * 1000);
}

window.setTimeout(follow, SECONDS * 1000);
