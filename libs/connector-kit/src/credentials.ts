/** Values of the declaration's `configuration`, secrets included, and the tokens of an OAuth sign-in. Never logged. */
export type Credentials = Readonly<Record<string, string>>;
