/* Draws the tables of numbers that have a place for it, and leads from what is drawn to the list behind it.
 * The table stays for the keyboard and for those who do not see the drawing, which is hidden from them. */
"use strict";

const drawn = [];

function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--chart-${name}`).trim();
}

function textOf(cell) {
    return cell.textContent.trim().replace(/\s+/g, " ");
}

function datasets(table) {
    const rows = [...table.tBodies[0].rows];
    return [...table.tHead.rows[0].cells].slice(1).map((head, column) => ({
        label: textOf(head),
        level: head.dataset.level,
        data: rows.map(row => Number(row.cells[column + 1].dataset.number)),
        links: rows.map(row => row.cells[column + 1].querySelector("a")?.href),
    }));
}

function options(lies, many) {
    const numbers = { stacked: true, beginAtZero: true, ticks: { precision: 0, color: colour("text") }, grid: { color: colour("grid") } };
    const names = { stacked: true, ticks: { color: colour("text"), maxRotation: 0 }, grid: { display: false } };
    return {
        animation: false,
        maintainAspectRatio: false,
        indexAxis: lies ? "y" : "x",
        interaction: { mode: "nearest", intersect: true, axis: "xy" },
        scales: lies ? { x: numbers, y: names } : { x: names, y: numbers },
        plugins: {
            legend: { display: many, position: "bottom", labels: { color: colour("text"), boxWidth: 12 } },
            colors: { enabled: false },
        },
        onHover: (event, found, chart) => {
            chart.canvas.style.cursor = found.some(each => linkOf(chart, each)) ? "pointer" : "default";
        },
        onClick: (event, found, chart) => {
            const link = found.map(each => linkOf(chart, each)).find(Boolean);
            if (link) window.location.assign(link);
        },
    };
}

function linkOf(chart, element) {
    return chart.data.datasets[element.datasetIndex].links[element.index];
}

function paint(chart) {
    for (const dataset of chart.data.datasets) dataset.backgroundColor = colour(dataset.level);
    Object.assign(chart.options, options(chart.options.indexAxis === "y", chart.data.datasets.length > 1));
    chart.update();
}

function draw(area) {
    const table = document.getElementById(area.dataset.draws);
    if (!table || !window.Chart) return;
    const lies = area.classList.contains("lies");
    const canvas = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    area.append(canvas);
    area.hidden = false;
    if (lies) area.style.height = `${70 + 28 * Number(area.dataset.rows)}px`;
    const labels = [...table.tBodies[0].rows].map(row => textOf(row.cells[0]));
    const chart = new Chart(canvas, {
        type: "bar",
        data: { labels, datasets: datasets(table).map(each => ({ ...each, maxBarThickness: 28 })) },
        options: options(lies, true),
    });
    paint(chart);
    drawn.push(chart);
}

document.querySelectorAll("[data-draws]").forEach(draw);
new MutationObserver(() => drawn.forEach(paint)).observe(document.documentElement, { attributeFilter: ["class"] });
