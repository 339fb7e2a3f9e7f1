/** The environment in which unpacked programs and modules are found too. Default: of this process. */
export function environment(env?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;

/** The path of a program ("ffmpeg"; "prometheus_client" is the Python that has this module) or of "vtest.avi"; undefined where there is none. */
export function whereIs(name: string): string | undefined;

/** Options for a test that needs these: it is skipped where one is missing, but fails in CI. */
export function unlessMissing(...names: string[]): { skip?: string };
