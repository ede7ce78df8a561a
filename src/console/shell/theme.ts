// Colour theme: the system's or the user's choice.
import { storedChoice } from "../preferences.ts";

export const THEMES = ["system", "light", "dark"] as const;

export const theme = storedChoice("theme", THEMES);

/** Sets the theme attribute that the style sheet selects on. */
export function followTheme(): void {
  const put = () => {
    document.documentElement.dataset.theme = theme.value;
  };
  put();
  theme.watch(put);
}
