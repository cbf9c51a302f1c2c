// Live parts of a page. Without this script every page can be read, and every form be sent.
"use strict";
(() => {
  const live = document.querySelector("[data-live]");
  if (live && window.EventSource && window.htmx) {
    const events = new EventSource(live.dataset.live);
    events.addEventListener("fila", () => htmx.trigger(document.body, "fila"));
    window.addEventListener("pagehide", () => events.close());
  }
  // One form is sent once: a second click waits for the answer to the first.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
  // The search box is a slash away.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    const box = document.getElementById("busca");
    if (event.key === "/" && !typing && box) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  });
})();
