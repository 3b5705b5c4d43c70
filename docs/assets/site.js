// Regions that scroll are reached with the keyboard; the theme makes them after the page has loaded.
const reachable = () => document.querySelectorAll(".md-typeset__scrollwrap, .highlight code, .rule").forEach((place) => {
  if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
});
addEventListener("load", () => {
  document.querySelectorAll(".md-search[role=dialog]").forEach((place) => place.setAttribute("aria-label", "Search"));
  reachable();
  new MutationObserver(reachable).observe(document.body, { childList: true, subtree: true });
});
