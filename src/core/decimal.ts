// Numbers that come as text: in a query string, or where App Engine takes a numeric string.

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WHOLE = /^\d{1,15}$/;

/** A decimal number with a sign, a fraction or an exponent; NaN for any other text, hexadecimal ones too. */
export function decimalOf(text: string): number {
  return DECIMAL.test(text.trim()) ? Number(text) : Number.NaN;
}

/** Plain digits as their number. Other text is given back, for the rule it breaks to show it. */
export function wholeOrText(text: string): number | string {
  return WHOLE.test(text) ? Number(text) : text;
}

/** A decimal number, or else the text, for the rule it breaks to show it. */
export function decimalOrText(text: string): number | string {
  const number = decimalOf(text);
  return Number.isNaN(number) ? text : number;
}
