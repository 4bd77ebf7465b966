// Dark or light before the first paint: what was chosen here, else what the system prefers.
(() => {
  const chosen = localStorage.getItem("courtside-theme");
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.bsTheme = chosen ?? (dark ? "dark" : "light");
})();
