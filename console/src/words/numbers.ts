/** Numbers within texts. */
const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const rates = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const ordinals = new Intl.PluralRules("en", { type: "ordinal" });
const ENDINGS: Partial<Record<Intl.LDMLPluralRule, string>> = { one: "st", two: "nd", few: "rd" };

/** "12,345", "0.25". */
export const number = (n: number): string => numbers.format(n);

/** "5,250,000", "12.5", "0.0123". */
export const rate = (n: number): string => rates.format(n);

/** "1st", "2nd", "11th". */
export const ordinal = (n: number): string => `${n}${ENDINGS[ordinals.select(n)] ?? "th"}`;

export const plural = (n: number, one: string, many: string): string => (n === 1 ? one : many);
