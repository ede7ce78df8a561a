// Dark or light: as the system has it, or as the reader chose.
import { preference } from "../preferences.ts";

export const THEMES = ["system", "light", "dark"] as const;

export const theme = preference("theme", THEMES);

/** Puts the choice on the page, where the style sheet finds it. */
export function followTheme(): void {
  const put = () => {
    document.documentElement.dataset.theme = theme.value;
  };
  put();
  theme.watch(put);
}
