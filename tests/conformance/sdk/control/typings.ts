/** The public members and events of the SDK's exported classes, read from its typings. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  type ClassDeclaration,
  type InterfaceDeclaration,
  isClassDeclaration,
  isExportDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isNamedExports,
  isTypeAliasDeclaration,
  isTypeLiteralNode,
  isTypeReferenceNode,
  type Node,
  type Statement,
  SyntaxKind,
} from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";

export interface SdkClass {
  name: string;
  methods: string[];
  properties: string[];
  events: string[];
}

type Declared = ClassDeclaration | InterfaceDeclaration;

const HIDDEN = [SyntaxKind.PrivateKeyword, SyntaxKind.ProtectedKeyword];
const METHODS = [SyntaxKind.MethodDeclaration, SyntaxKind.MethodSignature];
const PROPERTIES = [SyntaxKind.PropertyDeclaration, SyntaxKind.PropertySignature, SyntaxKind.GetAccessor];

/**
 * The classes that the SDK exports, in the order of its typings. `Paginator` is an interface, but what every list of the
 * SDK is, so it counts as a class. Left out: what is private, protected, `@internal` or begins with an underscore;
 * setters, which only the SDK itself uses; and constants that hold an event's name, which stand for the event.
 */
export function publicMembers(): SdkClass[] {
  const statements = parse(createRequire(import.meta.url).resolve("@twilio/conversations"));
  const exported = exportedNames(statements);
  return statements
    .filter((each): each is Declared => isClassDeclaration(each) || isPaginator(each))
    .filter((each) => exported.has(each.name?.text ?? ""))
    .map((each) => describe(each, statements));
}

function isPaginator(statement: Statement): statement is InterfaceDeclaration {
  return isInterfaceDeclaration(statement) && statement.name.text === "Paginator";
}

/** As `conforms` takes them: `Class.member` and `Class#event`. */
export function names(classes: SdkClass[]): string[] {
  return classes.flatMap(({ name, methods, properties, events }) => [
    ...[...methods, ...properties].map((member) => `${name}.${member}`),
    ...events.map((event) => `${name}#${event}`),
  ]);
}

function parse(library: string): readonly Statement[] {
  const file = join(dirname(library), "lib.d.ts");
  const api = new API({});
  try {
    const snapshot = api.updateSnapshot({ openFiles: [file] });
    const source = snapshot.getDefaultProjectForFile(file)?.program.getSourceFile(file);
    if (!source) throw new Error(`TypeScript cannot read ${file}`);
    return source.statements;
  } finally {
    api.close();
  }
}

function exportedNames(statements: readonly Statement[]): Set<string> {
  const found = new Set<string>();
  for (const each of statements) {
    if (!isExportDeclaration(each) || !each.exportClause || !isNamedExports(each.exportClause)) continue;
    for (const { propertyName, name } of each.exportClause.elements) found.add((propertyName ?? name).text);
  }
  return found;
}

function describe(declared: Declared, statements: readonly Statement[]): SdkClass {
  const events = eventsOf(declared, statements);
  const shown = [...declared.members].filter((member) => isPublic(member));
  const named = (kinds: SyntaxKind[]) =>
    shown
      .filter((member) => kinds.includes(member.kind))
      .map(nameOf)
      .filter((name) => name !== "" && !name.startsWith("_") && !events.includes(name));
  const made = shown.some((member) => member.kind === SyntaxKind.Constructor) ? ["constructor"] : [];
  const unique = (found: string[]) => [...new Set(found)];
  const methods = unique([...made, ...named(METHODS)]);
  return {
    name: declared.name?.text ?? "",
    methods,
    properties: unique(named(PROPERTIES)).filter((name) => !methods.includes(name)),
    events,
  };
}

function isPublic(member: Node): boolean {
  const { modifiers, jsDoc } = member as Node & { modifiers?: readonly Node[]; jsDoc?: readonly Node[] };
  if (modifiers?.some(({ kind }) => HIDDEN.includes(kind))) return false;
  return !jsDoc?.some((comment) => comment.getText().includes("@internal"));
}

/** `class C extends ReplayEventEmitter<CEvents>`, `type CEvents = { … }`: the names in there. */
function eventsOf(declared: Declared, statements: readonly Statement[]): string[] {
  const argument = declared.heritageClauses?.[0]?.types[0]?.typeArguments?.[0];
  if (!argument || !isTypeReferenceNode(argument) || !isIdentifier(argument.typeName)) return [];
  const name = argument.typeName.text;
  const alias = statements.find((each) => isTypeAliasDeclaration(each) && each.name.text === name);
  if (!alias || !isTypeAliasDeclaration(alias) || !isTypeLiteralNode(alias.type)) return [];
  return alias.type.members.map(nameOf);
}

function nameOf(member: Node): string {
  const { name } = member as Node & { name?: Node };
  return name && isIdentifier(name) ? name.text : "";
}
