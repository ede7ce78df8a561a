// Values as JSON that keeps more than JSON does: undefined, NaN and its like, bigints, dates, maps, sets, bytes, urls,
// regular expressions, references from several places, circles. The form is devalue's, which is on disk in waiting
// tasks: a list of values, the first being the whole, that refer to one another by their places. Reading makes plain
// values and runs no code.
import { fromBase64, toBase64 } from "./bytes.ts";

/** A value that cannot be written, and where it is: `.done`, `[3].at`. */
export class UnwritableError extends Error {
  readonly path: string;

  constructor(what: string, path: string) {
    super(`Cannot stringify ${what}`);
    this.path = path;
  }
}

/** What stands in place of a place. */
const UNDEFINED = -1;
const HOLE = -2;
const NAN = -3;
const INFINITY = -4;
const MINUS_INFINITY = -5;
const MINUS_ZERO = -6;
const SPARSE = -7;

const NUMBERS = new Map([
  [NAN, Number.NaN],
  [INFINITY, Number.POSITIVE_INFINITY],
  [MINUS_INFINITY, Number.NEGATIVE_INFINITY],
  [MINUS_ZERO, -0],
]);

/** Types written as the text they give, by which they are made again. */
const BY_TEXT = /^(URL|URLSearchParams|Temporal\.\w+)$/;
const VIEW = /^(((Ui|I)nt(8|16|32)|Uint8Clamped|Float(16|32|64)|Big(Ui|I)nt64)Array|DataView)$/;

/** Throws an UnwritableError for what has no form, and a RangeError for what is nested too deep. */
export function richText(value: unknown): string {
  const writer = new Writer();
  const place = writer.placeOf(value);
  return place < 0 ? `${place}` : `[${writer.texts.join(",")}]`;
}

class Writer {
  readonly texts: string[] = [];
  readonly #places = new Map<unknown, number>();
  readonly #path: string[] = [];

  placeOf(value: unknown): number {
    const special = specialOf(value);
    if (special !== undefined) return special;
    const known = this.#places.get(value);
    if (known !== undefined) return known;
    const place = this.#places.size;
    this.#places.set(value, place);
    this.texts[place] = JSON.stringify(this.#formOf(value));
    return place;
  }

  #formOf(value: unknown): unknown {
    if (typeof value === "bigint") return ["BigInt", `${value}`];
    if (typeof value === "function") return this.#refuse("a function");
    if (typeof value === "symbol") return this.#refuse("a Symbol primitive");
    return typeof value === "object" && value !== null ? this.#formOfObject(value) : value;
  }

  #formOfObject(value: object): unknown {
    const tag = tagOf(value);
    if (Array.isArray(value)) return this.#formOfList(value);
    if (tag === "Set") return [tag, ...Array.from(value as Set<unknown>, (it) => this.placeOf(it))];
    if (tag === "Map") return [tag, ...this.#placesOf(value as Map<unknown, unknown>)];
    if (tag === "Date") return [tag, Number.isNaN(Number(value)) ? "" : (value as Date).toJSON()];
    if (tag === "RegExp") return [tag, (value as RegExp).source, (value as RegExp).flags];
    if (tag === "ArrayBuffer") return [tag, toBase64(new Uint8Array(value as ArrayBuffer))];
    if (ArrayBuffer.isView(value)) return this.#formOfView(tag, value);
    if (/^(Number|String|Boolean|BigInt)$/.test(tag))
      return ["Object", this.placeOf(value.valueOf())];
    return BY_TEXT.test(tag) ? [tag, String(value)] : this.#formOfPlain(value);
  }

  #placesOf(map: ReadonlyMap<unknown, unknown>): number[] {
    return [...map].flatMap(([key, value]) => [this.placeOf(key), this.#at(".get(...)", value)]);
  }

  #formOfList(values: readonly unknown[]): unknown[] {
    const placeAt = (index: number | string) => this.#at(`[${index}]`, values[Number(index)]);
    // What is not there counts as undefined.
    if (!values.includes(undefined)) return values.map((_, index) => placeAt(index));
    const keys = Object.keys(values).filter((key) => /^\d+$/.test(key));
    // A list with few values far apart is as long as it has values.
    if (keys.length * 2 < values.length) {
      return [SPARSE, values.length, ...keys.flatMap((key) => [Number(key), placeAt(key)])];
    }
    return Array.from(values, (_, index) => (index in values ? placeAt(index) : HOLE));
  }

  // Of a larger buffer no more than is seen: Node's own share one with bytes of others.
  #formOfView(tag: string, { buffer, byteOffset, byteLength }: ArrayBufferView): unknown[] {
    const isWhole = byteLength === buffer.byteLength;
    const own = isWhole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
    return [tag, this.placeOf(own)];
  }

  #formOfPlain(value: object): unknown {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      return this.#refuse("arbitrary non-POJOs");
    }
    const symbols = Object.getOwnPropertySymbols(value);
    if (symbols.some((it) => Object.prototype.propertyIsEnumerable.call(value, it)))
      return this.#refuse("POJOs with symbolic keys");
    const entries = Object.entries(value).map(([key, it]) => {
      if (key === "__proto__") this.#refuse("objects with __proto__ keys");
      return [
        key,
        this.#at(/^[\p{L}_$][\w$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`, it),
      ];
    });
    return prototype === null ? ["null", ...entries.flat()] : Object.fromEntries(entries);
  }

  #at(step: string, value: unknown): number {
    this.#path.push(step);
    const place = this.placeOf(value);
    this.#path.pop();
    return place;
  }

  #refuse(what: string): never {
    throw new UnwritableError(what, this.#path.join(""));
  }
}

function specialOf(value: unknown): number | undefined {
  if (value === undefined) return UNDEFINED;
  if (typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0))) {
    return undefined;
  }
  return [...NUMBERS].find(([, number]) => Object.is(number, value))?.[0];
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** What such a text says; throws when it says nothing. */
export function richValue(text: string): unknown {
  const forms = JSON.parse(text);
  if (typeof forms === "number") return new Reader([]).at(forms);
  if (!Array.isArray(forms) || forms.length === 0) return invalid();
  return new Reader(forms).at(0);
}

class Reader {
  readonly #forms: readonly unknown[];
  readonly #made = new Map<number, unknown>();

  constructor(forms: readonly unknown[]) {
    this.#forms = forms;
  }

  at(place: unknown): unknown {
    if (place === UNDEFINED) return undefined;
    if (NUMBERS.has(place as number)) return NUMBERS.get(place as number);
    if (!isPlace(place, this.#forms.length)) return invalid();
    if (this.#made.has(place)) return this.#made.get(place);
    return this.#make(place, this.#forms[place]);
  }

  #make(place: number, form: unknown): unknown {
    const keep = <T>(value: T): T => {
      this.#made.set(place, value);
      return value;
    };
    if (typeof form !== "object" || form === null) return keep(form);
    if (!Array.isArray(form)) return this.#fill(keep({}), Object.entries(form));
    const [tag, ...parts] = form;
    if (tag === SPARSE) return this.#sparse(keep([]), parts);
    if (typeof tag !== "string") return this.#list(keep([]), form);
    if (tag === "Set") return this.#set(keep(new Set()), parts);
    if (tag === "Map") return this.#map(keep(new Map()), parts);
    if (tag === "null") return this.#fill(keep(Object.create(null)), pairs(parts));
    return keep(this.#special(tag, parts));
  }

  #fill(object: object, entries: readonly (readonly unknown[])[]): object {
    for (const [key, place] of entries) {
      if (typeof key !== "string" || key === "__proto__") return invalid();
      Object.assign(object, { [key]: this.at(place) });
    }
    return object;
  }

  #list(list: unknown[], places: readonly unknown[]): unknown[] {
    list.length = places.length;
    for (const [index, place] of places.entries()) if (place !== HOLE) list[index] = this.at(place);
    return list;
  }

  // The length is what a text claims: nothing is set aside for it.
  #sparse(list: unknown[], [length, ...parts]: readonly unknown[]): unknown[] {
    if (!isPlace(length, 2 ** 32)) return invalid();
    list[2 ** 32 - 2] = undefined;
    delete list[2 ** 32 - 2];
    list.length = length;
    for (const [index, place] of pairs(parts)) {
      if (!isPlace(index, length)) return invalid();
      list[index] = this.at(place);
    }
    return list;
  }

  #set(set: Set<unknown>, places: readonly unknown[]): Set<unknown> {
    for (const place of places) set.add(this.at(place));
    return set;
  }

  #map(map: Map<unknown, unknown>, places: readonly unknown[]): Map<unknown, unknown> {
    for (const [key, value] of pairs(places)) map.set(this.at(key), this.at(value));
    return map;
  }

  #special(tag: string, [first, ...rest]: readonly unknown[]): unknown {
    if (tag === "Object") return Object(this.#primitive(first));
    if (VIEW.test(tag)) return this.#view(tag, first, rest);
    if (typeof first !== "string") return invalid();
    if (tag === "BigInt") return BigInt(first);
    if (tag === "Date") return new Date(first);
    if (tag === "RegExp") return new RegExp(first, rest[0] as string | undefined);
    if (tag === "ArrayBuffer") return fromBase64(first)?.buffer ?? invalid();
    if (!BY_TEXT.test(tag)) return invalid();
    const [, temporal] = tag.split(".");
    if (temporal === undefined) return tag === "URL" ? new URL(first) : new URLSearchParams(first);
    const { Temporal } = globalThis as unknown as {
      Temporal?: Record<string, { from(text: string): unknown }>;
    };
    return Temporal?.[temporal]?.from(first) ?? invalid();
  }

  #primitive(place: unknown): unknown {
    const form = this.#forms[place as number];
    const isBigInt = Array.isArray(form) && form[0] === "BigInt";
    return typeof form === "object" && form !== null && !isBigInt ? invalid() : this.at(place);
  }

  #view(tag: string, place: unknown, range: readonly unknown[]): unknown {
    const form = this.#forms[place as number];
    if (!Array.isArray(form) || form[0] !== "ArrayBuffer") return invalid();
    const View = (globalThis as unknown as Record<string, new (...given: unknown[]) => unknown>)[
      tag
    ];
    return View ? new View(this.at(place), ...range) : invalid();
  }
}

function pairs(list: readonly unknown[]): [unknown, unknown][] {
  return Array.from({ length: Math.ceil(list.length / 2) }, (_, i) => [
    list[2 * i],
    list[2 * i + 1],
  ]);
}

function isPlace(place: unknown, end: number): place is number {
  return Number.isInteger(place) && (place as number) >= 0 && (place as number) < end;
}

function invalid(): never {
  throw new Error("Invalid input");
}
