import { InferometerError } from "../core/errors.ts";

/** What we use of the package. */
export interface Bcrypt {
  compareSync(password: string, hash: string): boolean;
}

/** Loads the package `bcryptjs`, an optional peer. Throws PACKAGE_MISSING. */
export async function loadBcrypt(): Promise<Bcrypt> {
  try {
    return (await import("bcryptjs")).default;
  } catch (cause) {
    throw new InferometerError(
      "PACKAGE_MISSING",
      "Passwords in basic_auth_users are bcrypt hashes, which the package `bcryptjs` checks. Install it: npm install bcryptjs",
      { cause },
    );
  }
}
