// The extension: starts `kslint lsp`, keeps it in step with the settings, and stops it.

import { homedir } from "node:os";
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";
import { LANGUAGES, MISSING, program } from "./server";

let client: LanguageClient | undefined;
let log: vscode.LogOutputChannel;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  log = vscode.window.createOutputChannel("kslint", { log: true });
  context.subscriptions.push(
    log,
    vscode.commands.registerCommand("kslint.restart", restart),
    vscode.commands.registerCommand("kslint.showLog", () => log.show()),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (["enable", "path", "arguments"].some((key) => change.affectsConfiguration(`kslint.${key}`))) {
        await restart();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await stop();
}

async function restart(): Promise<void> {
  await stop();
  await start();
}

async function start(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("kslint");
  if (!settings.get("enable", true)) {
    return;
  }
  const server = program(
    { path: settings.get("path", "kslint"), arguments: settings.get("arguments", ["lsp"]) },
    homedir(),
  );
  const options: LanguageClientOptions = {
    documentSelector: LANGUAGES.map((language) => ({ language })),
    outputChannel: log,
    traceOutputChannel: log,
    progressOnInitialization: true,
  };
  client = new LanguageClient("kslint", "kslint", server, options);
  try {
    await client.start();
  } catch (error) {
    log.error(`${server.command} ${server.args.join(" ")}: ${error}`);
    client = undefined;
    const shown = await vscode.window.showErrorMessage(MISSING, "Open Settings", "Show Log");
    if (shown === "Open Settings") {
      await vscode.commands.executeCommand("workbench.action.openSettings", "kslint.path");
    } else if (shown === "Show Log") {
      log.show();
    }
  }
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  await running?.dispose();
}
