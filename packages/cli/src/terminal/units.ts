/** `4 920`: groups of three, which are read at a glance. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, " ");
}

/** `0.421 ms`, `42.1 ms`, `4.21 s`: three digits. */
export function duration(seconds: number): string {
  if (seconds === 0) return "0 ms";
  return seconds < 0.9995 ? `${digits(seconds * 1000)} ms` : `${digits(seconds)} s`;
}

/** `2:01`, `1:02:01`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** `212 MiB`, `1.5 GiB`. */
export function bytes(value: number): string {
  const mebibytes = value / 2 ** 20;
  return mebibytes < 1024 ? `${Math.round(mebibytes)} MiB` : `${digits(mebibytes / 1024)} GiB`;
}

/** `0.2 %`, `12 %`; what is not nothing is never shown as 0. */
export function percent(part: number, whole: number): string {
  const value = whole > 0 ? (part / whole) * 100 : 0;
  if (value > 0 && value < 0.1) return "<0.1 %";
  return `${value === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} %`;
}

/** `58.3`: a rate. */
export const rate = (perSecond: number): string => (perSecond < 1000 ? digits(perSecond) : count(perSecond));

function digits(value: number): string {
  if (value >= 99.95) return Math.round(value).toString();
  return value >= 9.995 ? value.toFixed(1) : value >= 0.9995 ? value.toFixed(2) : value.toPrecision(value < 0.001 ? 1 : 3).replace(/e-\d+$/, "");
}
