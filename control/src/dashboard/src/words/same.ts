/** What another language has to have: the same names, with words of its own. */
export type Same<T> = { [K in keyof T]: T[K] extends string ? string : Same<T[K]> };
