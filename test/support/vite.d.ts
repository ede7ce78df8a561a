// What Vite makes of a test's imports.
interface ImportMeta {
  /** The files that match, by path; see https://vite.dev/guide/features#glob-import. */
  glob<T>(
    pattern: string,
    options: { query: string; import: string; eager: true },
  ): Record<string, T>;
}
