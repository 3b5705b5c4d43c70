// Regions that scroll are reached with the keyboard; the theme makes them after the page has loaded.
const reachable = () => document.querySelectorAll(".md-typeset__scrollwrap, .highlight code, .rule").forEach((place) => {
  if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
});
addEventListener("load", () => {
  document.querySelectorAll(".md-search[role=dialog]").forEach((place) => place.setAttribute("aria-label", "Search"));
  reachable();
  addEventListener("resize", reachable);
  new MutationObserver(reachable).observe(document.body, { childList: true, subtree: true });
});

// What is copied of a transcript are the commands, without their prompt.
const unprompted = () => document.querySelectorAll("[data-clipboard-target]:not([data-clipboard-text])").forEach((button) => {
  const commands = (document.querySelector(button.dataset.clipboardTarget)?.textContent || "").split("\n").filter((line) => line.startsWith("$ "));
  if (commands.length) button.dataset.clipboardText = commands.map((line) => line.slice(2)).join("\n");
});
addEventListener("load", () => {
  unprompted();
  new MutationObserver(unprompted).observe(document.body, { childList: true, subtree: true });
});
