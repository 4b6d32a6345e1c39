// The only script of the page; it fetches nothing. Without it the page has everything but the search and the copying.
(() => {
  const find = document.getElementById("find"), failed = document.getElementById("failed"), said = document.getElementById("said");
  const items = [...document.querySelectorAll("[data-k]")].map(e => [e, e.dataset.k.toLowerCase()]);
  const rows = [...document.querySelectorAll("table.grid tr.row")];
  const cells = new Set(document.querySelectorAll("table.grid a.g"));
  document.querySelectorAll(".script").forEach(e => { e.hidden = false; });
  const apply = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [e, text] of items) {
      const fits = words.every(word => text.includes(word));
      if (cells.has(e)) {
        e.classList.toggle("dim", !fits);
        shown += fits && !(failed.checked && e.classList.contains("v-PASS"));
      } else e.hidden = !fits;
    }
    for (const row of rows) row.hidden = words.length > 0 && !row.querySelector("a.g:not(.dim)");
    if (words.length) document.querySelectorAll("details.more").forEach(e => { e.open = true; });
    said.textContent = words.length || failed.checked ? `${shown} of ${cells.size} cells` : "";
  };
  find.addEventListener("input", apply);
  failed.addEventListener("change", apply);
  document.addEventListener("keydown", event => {
    if (event.key === "/" && event.target.tagName !== "INPUT") { event.preventDefault(); find.focus(); }
    if (event.key === "Escape" && event.target === find) { find.value = ""; apply(); }
  });
  const show = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || !target.matches("[data-k]")) return;
    if (target.hidden || target.classList.contains("ok")) { find.value = ""; failed.checked = false; apply(); }
    for (let e = target; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", show);
  if (location.hash) show();
  document.addEventListener("click", event => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const code = button.parentElement.querySelector("code");
    const select = () => { getSelection().selectAllChildren(code); button.textContent = "Selected"; };
    if (navigator.clipboard) navigator.clipboard.writeText(code.textContent).then(() => { button.textContent = "Copied"; }, select);
    else select();
  });
})();
