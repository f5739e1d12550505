// Before the first paint, so that a dark page never flashes white. A file, as inline scripts are forbidden here.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("gpulane-scheme");
  } catch {
    /* no storage: the system's choice */
  }
  const dark =
    chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
