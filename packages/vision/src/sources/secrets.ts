/** Splits an address into what may be shown and what may not. Undefined where the text is no address. */
function partsOf(address: string): { readonly scheme: string; readonly user: string; readonly place: string; readonly query: string } | undefined {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(address)?.[0];
  if (scheme === undefined) return undefined;
  const rest = address.slice(scheme.length);
  const authority = /^[^/?#]*/.exec(rest)![0];
  // A password may hold "/", "?" and "@" unescaped. Where that is possible, all up to the last "@" counts as secret, at worst a part of the path.
  const at = /[@:]/.test(authority) ? rest.lastIndexOf("@") : -1;
  const [, place = "", query = ""] = /^([^?#]*)(.*)$/s.exec(rest.slice(at + 1))!;
  return { scheme, user: rest.slice(0, Math.max(0, at)), place, query };
}

/** An address without user, password and query; any other text as it is. */
export function withoutSecrets(address: string): string {
  const parts = partsOf(address);
  return parts === undefined ? address : parts.scheme + parts.place;
}

/**
 * A function that takes the secrets of `address` out of what other programs say: the address itself, its password alone, and the
 * user part and query of whatever address stands in the text.
 */
export function secretsRemover(address: string): (text: string) => string {
  const parts = partsOf(address);
  if (parts === undefined) return (text) => text;
  const password = parts.user.slice(parts.user.indexOf(":") + 1);
  // Shorter ones would tear words apart, and do not stand alone in what ffmpeg and Redis print.
  const alone = [...new Set([parts.user, password, decoded(password), parts.query])].filter((secret) => secret.length >= 3);
  return (text) => {
    let clean = text.replaceAll(address, parts.scheme + parts.place);
    for (const secret of alone) clean = clean.replaceAll(secret, "***");
    return clean.replace(/[a-z][a-z0-9+.-]*:\/\/[^\s'"]+/gi, withoutSecrets);
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
