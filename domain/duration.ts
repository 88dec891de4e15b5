/** Spans of time as numbers; a name that does not end in its unit has one of these types. */
export type Milliseconds = number;
export type Seconds = number;
export type Minutes = number;
