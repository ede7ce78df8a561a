// uPlot passes the browser's language to Intl on import; a browser without a proper locale has one that
// Intl rejects ("en-US@posix"), which would leave the page empty. Must be imported before uPlot.
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US", configurable: true });
}
