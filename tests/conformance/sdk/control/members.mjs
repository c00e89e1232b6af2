/**
 * Prints the public members of the chosen SDK's classes as JSON, read from its typings; see `Sdk` in ./sdk.ts.
 *
 * A program of its own: TypeScript's API runs the compiler as a child, which complains on standard error when it ends.
 */
import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  isClassDeclaration,
  isExportDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isNamedExports,
  isTypeAliasDeclaration,
  isTypeLiteralNode,
  isTypeReferenceNode,
  SyntaxKind,
} from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";
import { chosen } from "./versions.mjs";

/** @import { ClassDeclaration, InterfaceDeclaration, Node, Statement } from "typescript/unstable/ast" */
/** @typedef {ClassDeclaration | InterfaceDeclaration} Declared */

const HIDDEN = [SyntaxKind.PrivateKeyword, SyntaxKind.ProtectedKeyword];
const METHODS = [SyntaxKind.MethodDeclaration, SyntaxKind.MethodSignature];
const PROPERTIES = [SyntaxKind.PropertyDeclaration, SyntaxKind.PropertySignature, SyntaxKind.GetAccessor];

const { module, version, typings } = chosen();
const home = dirname(createRequire(import.meta.url).resolve(`${module}/package.json`));
const bundled = statSync(join(home, typings)).isFile();
const statements = parse(declarations());
const shown = bundled ? exportedNames() : documentedNames();
const classes = statements
  .filter((each) => isClassDeclaration(each) || isPaginator(each))
  .map((each) => /** @type {Declared} */ (each))
  .filter((each) => shown.has(nameOf(each)))
  .map(describe);
process.stdout.write(JSON.stringify({ version, classes }));

/** The files of the typings. */
function declarations() {
  const folder = join(home, typings);
  if (bundled) return [folder];
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith(".d.ts")).map((file) => join(folder, file));
}

/** @param {string[]} files */
function parse(files) {
  const api = new API({});
  try {
    const snapshot = api.updateSnapshot({ openFiles: files });
    return files.flatMap((file) => {
      const source = snapshot.getDefaultProjectForFile(file)?.program.getSourceFile(file);
      if (!source) throw new Error(`TypeScript cannot read ${file}`);
      return [...source.statements];
    });
  } finally {
    api.close();
  }
}

/** @param {Statement} statement */
function isPaginator(statement) {
  return isInterfaceDeclaration(statement) && statement.name.text === "Paginator";
}

function exportedNames() {
  /** @type {Set<string>} */
  const found = new Set();
  for (const each of statements) {
    if (!isExportDeclaration(each) || !each.exportClause || !isNamedExports(each.exportClause)) continue;
    for (const { propertyName, name } of each.exportClause.elements) found.add((propertyName ?? name).text);
  }
  return found;
}

/** Typings of many files export their insides, too: what the version's own reference has a page of is public. */
function documentedNames() {
  const pages = readdirSync(join(home, "dist/docs")).filter((page) => page.endsWith(".html"));
  return new Set(pages.map((page) => page.replace(".html", "")));
}

/** @param {Declared} declared */
function describe(declared) {
  const events = eventsOf(declared);
  const open = [...declared.members].filter(isPublic);
  /** @param {SyntaxKind[]} kinds */
  const named = (kinds) =>
    open
      .filter((member) => kinds.includes(member.kind))
      .map(nameOf)
      .filter((name) => name !== "" && !name.startsWith("_") && !events.includes(name));
  // Typings of many files do not hide the constructors that take the SDK's insides, and no other is there.
  const made = bundled && open.some((member) => member.kind === SyntaxKind.Constructor) ? ["constructor"] : [];
  const methods = [...new Set([...made, ...named(METHODS)])];
  const properties = [...new Set(named(PROPERTIES))].filter((name) => !methods.includes(name));
  return { name: nameOf(declared), methods, events, properties };
}

/** @param {Node} member */
function isPublic(member) {
  const { modifiers, jsDoc } = /** @type {Node & { modifiers?: readonly Node[], jsDoc?: readonly Node[] }} */ (member);
  if (modifiers?.some(({ kind }) => HIDDEN.includes(kind))) return false;
  return !jsDoc?.some((comment) => comment.getText().includes("@internal"));
}

/**
 * `class C extends ReplayEventEmitter<CEvents>`, `type CEvents = { … }`: the names in there; or those that the comment
 * of `class C extends EventEmitter` says that it fires.
 *
 * @param {Declared} declared
 * @returns {string[]}
 */
function eventsOf(declared) {
  const argument = declared.heritageClauses?.[0]?.types[0]?.typeArguments?.[0];
  if (!argument || !isTypeReferenceNode(argument) || !isIdentifier(argument.typeName))
    return bundled ? [] : fired(declared);
  const name = argument.typeName.text;
  const alias = statements.find((each) => isTypeAliasDeclaration(each) && each.name.text === name);
  if (!alias || !isTypeAliasDeclaration(alias) || !isTypeLiteralNode(alias.type)) return [];
  return alias.type.members.map(nameOf);
}

/** @param {Declared} declared */
function fired(declared) {
  const { jsDoc } = /** @type {Node & { jsDoc?: readonly Node[] }} */ (declared);
  const text = (jsDoc ?? []).map((comment) => comment.getText()).join("\n");
  return [...text.matchAll(/@fires \w+#(\w+)/g)].map((match) => match[1] ?? "");
}

/** @param {Node} node */
function nameOf(node) {
  const { name } = /** @type {Node & { name?: Node }} */ (node);
  return name && isIdentifier(name) ? name.text : "";
}
