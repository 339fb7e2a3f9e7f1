import { REFERENCE } from "../clients.mjs";

/** Who is measured at a million series: the other rivals take minutes a round there. */
export const AT_A_MILLION = ["inferometer", REFERENCE];
