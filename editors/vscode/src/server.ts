// How the server is started, and for which files: all that does not need the editor itself.

/** The settings of the extension that decide how the server is started. */
export interface Settings {
  readonly path: string;
  readonly arguments: readonly string[];
}

/** A program, its arguments and where it runs, as vscode-languageclient takes them. */
export interface Program {
  readonly command: string;
  readonly args: string[];
  readonly options: { readonly cwd?: string };
}

/** The languages whose open files the server is sent; it reads the rest from the disk. */
export const LANGUAGES = ["yaml", "json", "jsonc"] as const;

/** What the user reads when the server does not start. */
export const MISSING =
  "kslint did not start. Install it with `pip install 'kslint[lsp]'`, or set kslint.path.";

/**
 * The server's command line. `~` in front stands for the home directory.
 *
 * It runs at home: in a folder that nobody trusts, Windows would take the folder's own `kslint.exe`, and
 * `uvx` its settings. A relative path, which no such folder can set, is one below the folder.
 */
export function program(settings: Settings, home: string): Program {
  const path = settings.path.trim() || "kslint";
  const command = path.startsWith("~/") ? home + path.slice(1) : path;
  const isRelative = /[\\/]/.test(command) && !/^([\\/]|[A-Za-z]:)/.test(command);
  return { command, args: [...settings.arguments], options: isRelative ? {} : { cwd: home } };
}
