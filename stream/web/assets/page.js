// Draws the charts whose data the page carries, and keeps the page fresh. Without this script every page still tells its story.
"use strict";

const REFRESH_MS = 10_000;
const CONFIG = { responsive: true, displayModeBar: false, displaylogo: false };

// Figures name colours as the style sheet does, so charts follow light and dark without being built twice.
function coloured(value, style) {
  if (typeof value === "string" && value.startsWith("var(")) {
    return style.getPropertyValue(value.slice(4, -1)).trim();
  }
  if (Array.isArray(value)) return value.map((each) => coloured(each, style));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, coloured(each, style)]));
  }
  return value;
}

function themed(layout, style) {
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = { gridcolor: colour("--line"), linecolor: colour("--line"), zerolinecolor: colour("--line") };
  return {
    ...layout,
    font: { family: style.fontFamily, size: 12, color: colour("--quiet") },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    hoverlabel: { bgcolor: colour("--card"), bordercolor: colour("--line"), font: { color: colour("--text") } },
    xaxis: { ...axis, ...layout.xaxis },
    yaxis: { ...axis, ...layout.yaxis },
  };
}

function draw() {
  const style = getComputedStyle(document.body);
  for (const source of document.querySelectorAll("script[id^=figure-]")) {
    const place = document.getElementById(source.id.replace("figure-", "chart-"));
    const figure = coloured(JSON.parse(source.textContent), style);
    Plotly.react(place, figure.data, themed(figure.layout, style), CONFIG);
    if (place.id === "chart-heatmap" && !place.dataset.choosing) {
      place.dataset.choosing = "yes";
      place.on("plotly_click", (event) => choose(event.points[0].y));
    }
  }
}

function choose(feature) {
  const address = new URL(location.href);
  address.searchParams.set("feature", feature);
  location.assign(address);
}

// Charts are moved into the fresh page rather than built anew: zoom and legend stay as the reader left them.
function replaced(fresh) {
  const main = document.getElementById("main");
  for (const place of main.querySelectorAll(".js-plotly-plot")) {
    fresh.querySelector(`#${place.id}`)?.replaceWith(place);
  }
  for (const open of main.querySelectorAll("details[open]")) {
    fresh.querySelectorAll("details").forEach((each) => (each.open = open.open));
  }
  main.replaceChildren(...fresh.childNodes);
}

function busy() {
  const main = document.getElementById("main");
  const reading = !getSelection().isCollapsed;
  return document.hidden || reading || (document.activeElement !== main && main.contains(document.activeElement));
}

async function refresh() {
  const note = document.getElementById("refreshed");
  if (busy()) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    replaced(document.adoptNode(fresh.getElementById("main")));
    draw();
    note.textContent = `as of ${new Date().toLocaleTimeString()}`;
    note.className = "";
  } catch (error) {
    note.textContent = `driftline does not answer (${error.message}); what you see may be old`;
    note.className = "bad";
  }
}

draw();
document.addEventListener("change", (event) => event.target.form?.requestSubmit());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
setInterval(refresh, REFRESH_MS);
