const whole = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });

/** 48210 → "48,210". */
export const count = (value: number): string => whole.format(value);

/** 48210 → "48.2K". */
export const compact = (value: number): string => short.format(value);

/** "1 call", "2 calls". */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;
