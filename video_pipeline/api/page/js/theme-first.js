// Owns which theme is on before the first paint; hides where the choice is kept.
// A classic script, because modules run after it.
(function () {
  const kept = () => {
    try {
      return localStorage.getItem("studio-theme");
    } catch {
      return null;
    }
  };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    document.documentElement.dataset.theme = kept() || (system.matches ? "dark" : "light");
  };
  system.addEventListener("change", apply);
  apply();
})();
