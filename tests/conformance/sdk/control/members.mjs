/**
 * Prints the public members of the SDK's exported classes as JSON, read from its typings; see `Sdk` in ./sdk.ts.
 *
 * A program of its own: TypeScript's API runs the compiler as a child, which complains on standard error when it ends.
 */
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

/** @import { ClassDeclaration, InterfaceDeclaration, Node, Statement } from "typescript/unstable/ast" */
/** @typedef {ClassDeclaration | InterfaceDeclaration} Declared */

const HIDDEN = [SyntaxKind.PrivateKeyword, SyntaxKind.ProtectedKeyword];
const METHODS = [SyntaxKind.MethodDeclaration, SyntaxKind.MethodSignature];
const PROPERTIES = [SyntaxKind.PropertyDeclaration, SyntaxKind.PropertySignature, SyntaxKind.GetAccessor];

const require = createRequire(import.meta.url);
const statements = parse(join(dirname(require.resolve("@twilio/conversations")), "lib.d.ts"));
const exported = exportedNames();
const classes = statements
  .filter((each) => isClassDeclaration(each) || isPaginator(each))
  .map((each) => /** @type {Declared} */ (each))
  .filter((each) => exported.has(nameOf(each)))
  .map(describe);
process.stdout.write(JSON.stringify({ version: require("@twilio/conversations/package.json").version, classes }));

/** @param {string} file */
function parse(file) {
  const api = new API({});
  try {
    const project = api.updateSnapshot({ openFiles: [file] }).getDefaultProjectForFile(file);
    const source = project?.program.getSourceFile(file);
    if (!source) throw new Error(`TypeScript cannot read ${file}`);
    return [...source.statements];
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

/** @param {Declared} declared */
function describe(declared) {
  const events = eventsOf(declared);
  const shown = [...declared.members].filter(isPublic);
  /** @param {SyntaxKind[]} kinds */
  const named = (kinds) =>
    shown
      .filter((member) => kinds.includes(member.kind))
      .map(nameOf)
      .filter((name) => name !== "" && !name.startsWith("_") && !events.includes(name));
  const made = shown.some((member) => member.kind === SyntaxKind.Constructor) ? ["constructor"] : [];
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
 * `class C extends ReplayEventEmitter<CEvents>`, `type CEvents = { … }`: the names in there.
 *
 * @param {Declared} declared
 * @returns {string[]}
 */
function eventsOf(declared) {
  const argument = declared.heritageClauses?.[0]?.types[0]?.typeArguments?.[0];
  if (!argument || !isTypeReferenceNode(argument) || !isIdentifier(argument.typeName)) return [];
  const name = argument.typeName.text;
  const alias = statements.find((each) => isTypeAliasDeclaration(each) && each.name.text === name);
  if (!alias || !isTypeAliasDeclaration(alias) || !isTypeLiteralNode(alias.type)) return [];
  return alias.type.members.map(nameOf);
}

/** @param {Node} node */
function nameOf(node) {
  const { name } = /** @type {Node & { name?: Node }} */ (node);
  return name && isIdentifier(name) ? name.text : "";
}
