// Runs before the first paint, so that a remembered theme never flashes.
const rememberedTheme = localStorage.getItem("sonde.theme");
if (rememberedTheme === "light" || rememberedTheme === "dark") {
  document.documentElement.dataset.theme = rememberedTheme;
}
