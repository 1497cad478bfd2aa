// The extension's side of the conversation, held with the real server over stdio.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const protocol = require("vscode-languageserver-protocol/node");
const { LANGUAGES, MISSING, program } = require("../dist/server.js");

const SERVICE = `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: qwen
  annotations: {serving.kserve.io/deploymentMode: Standard}
spec:
  predictor:
    containers:
      - name: kserve-container
        image: ghcr.io/example/server:1
        resources:
          requests:
            cpu: "2"
`;
const settings = JSON.parse(readFileSync(new URL("../package.json", import.meta.url))).contributes
  .configuration.properties;

let folder, server, connection, uri;
const published = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "kslint-"));
  const file = join(folder, "service.yaml");
  writeFileSync(file, SERVICE);
  uri = pathToFileURL(file).href;
  const { command, args, options } = program(
    { path: process.env.KSLINT ?? settings["kslint.path"].default, arguments: settings["kslint.arguments"].default },
    process.env.HOME,
  );
  server = spawn(command, args, { ...options, stdio: ["pipe", "pipe", "inherit"] });
  connection = protocol.createProtocolConnection(
    new protocol.StreamMessageReader(server.stdout),
    new protocol.StreamMessageWriter(server.stdin),
  );
  connection.onNotification(protocol.PublishDiagnosticsNotification.type, (said) => published.push(said));
  connection.onRequest(protocol.RegistrationRequest.type, () => {});
  connection.listen();
});

after(async () => {
  if (connection) {
    await connection.sendRequest(protocol.ShutdownRequest.type);
    await connection.sendNotification(protocol.ExitNotification.type);
    connection.dispose();
  }
  rmSync(folder, { recursive: true });
});

async function until(condition) {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = condition();
    if (found) {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("nothing came in 20 seconds");
}

test("the server finds, explains and fixes", async () => {
  const { capabilities } = await connection.sendRequest(protocol.InitializeRequest.type, {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    workspaceFolders: [{ uri: pathToFileURL(folder).href, name: "folder" }],
    capabilities: { textDocument: { publishDiagnostics: { relatedInformation: true } } },
  });
  assert.ok(capabilities.hoverProvider);
  await connection.sendNotification(protocol.InitializedNotification.type, {});
  await connection.sendNotification(protocol.DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: LANGUAGES[0], version: 1, text: SERVICE },
  });
  const { diagnostics } = await until(() =>
    published.find((said) => said.uri === uri && said.diagnostics.length > 0),
  );
  const [found] = diagnostics.filter((one) => one.code === "KS101");
  assert.equal(found.range.start.line, 12);

  const hover = await connection.sendRequest(protocol.HoverRequest.type, {
    textDocument: { uri },
    position: found.range.start,
  });
  assert.match(hover.contents.value, /KS101/);

  const actions = await connection.sendRequest(protocol.CodeActionRequest.type, {
    textDocument: { uri },
    range: found.range,
    context: { diagnostics: [found] },
  });
  assert.ok(actions.some((one) => one.isPreferred), "a safe fix is offered");
  assert.ok(actions.some((one) => one.title.startsWith("Ignore ")), "and a comment");

  await connection.sendNotification(protocol.DidChangeTextDocumentNotification.type, {
    textDocument: { uri, version: 2 },
    contentChanges: [{ text: SERVICE.replace('"2"', '"1"') }],
  });
  await until(() => {
    const last = published.filter((said) => said.uri === uri).at(-1);
    return last.version === 2 && !last.diagnostics.some((one) => one.code === "KS101");
  });
});

test("the command line follows the settings", () => {
  const args = ["--from", "kslint[lsp]", "kslint", "lsp"];
  const options = { cwd: "/home/me" };
  assert.deepEqual(program({ path: " uvx ", arguments: args }, "/home/me"), { command: "uvx", args, options });
  assert.equal(program({ path: "~/bin/kslint", arguments: [] }, "/home/me").command, "/home/me/bin/kslint");
  assert.equal(program({ path: "", arguments: [] }, "/home/me").command, "kslint");
});

test("a folder's own files do not say what is run", () => {
  for (const path of ["kslint", "~/bin/kslint", "/usr/bin/kslint", "C:\\bin\\kslint.exe"]) {
    assert.equal(program({ path, arguments: [] }, "/home/me").options.cwd, "/home/me");
  }
  assert.equal(program({ path: ".venv/bin/kslint", arguments: [] }, "/home/me").options.cwd, undefined);
});

test("a server that is not there is an error, not a hang", async () => {
  const { command, args } = program({ path: join(folder, "none"), arguments: ["lsp"] }, folder);
  const failed = await new Promise((resolve) => spawn(command, args).once("error", resolve));
  assert.equal(failed.code, "ENOENT");
  assert.match(MISSING, /pip install/);
});
