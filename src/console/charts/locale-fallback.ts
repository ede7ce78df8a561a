// uPlot asks Intl for the browser's language as it is loaded, and a browser without a proper locale has one that
// Intl refuses ("en-US@posix"): without this, its page would stay empty. Has to be imported before uPlot.
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US", configurable: true });
}
