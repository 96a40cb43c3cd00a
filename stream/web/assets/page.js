// Draws the charts whose data the page carries, and keeps the page fresh. Without this script every page still tells its story.
"use strict";

const REFRESH_MS = 10_000;
const CONFIG = { responsive: true, displayModeBar: false, displaylogo: false };
let asOf = new Date();
let byKeys = false; // whether the reader's last move was a key

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

// Charts are moved into the fresh page rather than built anew: zoom and legend stay as the reader left them, and so do
// tables that were scrolled and details that were opened.
function replaced(fresh) {
  const main = document.getElementById("main");
  for (const place of main.querySelectorAll(".js-plotly-plot")) {
    const successor = fresh.querySelector(`#${place.id}`);
    place.setAttribute("aria-label", successor?.getAttribute("aria-label") ?? "");
    successor?.replaceWith(place);
  }
  const opened = [...main.querySelectorAll("details[open]")].map(titled);
  fresh.querySelectorAll("details").forEach((each) => (each.open = opened.includes(titled(each))));
  const scrolled = new Map([...main.querySelectorAll(".scroll")].map((each) => [each.ariaLabel, each.scrollLeft]));
  main.replaceChildren(...fresh.childNodes);
  main.querySelectorAll(".scroll").forEach((each) => (each.scrollLeft = scrolled.get(each.ariaLabel) ?? 0));
}

// What a summary says without its number, which may change.
function titled(details) {
  return details.querySelector("summary").textContent.replace(/^[\d,]+/, "");
}

function busy() {
  const main = document.getElementById("main");
  const reading = !getSelection().isCollapsed;
  return reading || (document.activeElement !== main && main.contains(document.activeElement));
}

async function refresh() {
  const note = document.getElementById("refreshed");
  if (document.hidden) return;
  if (busy()) {
    note.textContent = `as of ${asOf.toLocaleTimeString()}: not refreshed while something in the page is selected`;
    return;
  }
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    replaced(document.adoptNode(fresh.getElementById("main")));
    draw();
    asOf = new Date();
    note.textContent = `as of ${asOf.toLocaleTimeString()}`;
    note.className = "";
  } catch (error) {
    note.textContent = `driftline does not answer (${error.message}); what you see may be old`;
    note.className = "bad";
  }
}

draw();
// With a pointer a choice is one move. Keys pass over every choice on the way to theirs: they press the button.
document.addEventListener("keydown", () => (byKeys = true), true);
document.addEventListener("pointerdown", () => (byKeys = false), true);
document.addEventListener("change", (event) => byKeys || event.target.form?.requestSubmit());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
setInterval(refresh, REFRESH_MS);
