export interface Lock { readonly packages: Readonly<Record<string, { readonly version?: string; readonly os?: readonly string[]; readonly optionalDependencies?: Readonly<Record<string, string>> }>> }
export declare function missingOptionals(lock: Lock): [string, string, unknown][];
export declare function completed(lock: Lock): Lock;
