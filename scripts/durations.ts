import { type Comment, type Expression, parseSync, type TSType, Visitor } from 'oxc-parser';
import type { SourceFile } from './duplicates.ts';

/** Last words of names that are spans of time, whatever they are about. */
const spans = new Set(
  `age backoff beat cooldown delay downtime duration elapsed every grace heartbeat interval lag lapse latency lease lifetime
  pause patience period silence soak timeout ttl uptime wait within`.split(/\s+/),
);

const units = ['Ms', 'Milliseconds', 'Seconds', 'Minutes', 'Hours', 'Days'];

/** What a comment says that tells of a number in time: `Seconds until …`, `… , in milliseconds.` */
const unitInWords =
  /^(milliseconds|seconds|minutes|hours|days)\b(?! since 1970)|\bin (milliseconds|seconds|minutes|hours|days)\b(?! since 1970)/i;

/**
 * Numbers that are spans of time and whose unit neither their name nor their type tells, as sentences. A number is one by
 * the last word of its name, or by the comment above it that names the unit: who uses the name does not read the comment.
 */
export function findDurations({ path, source }: SourceFile): string[] {
  const { program, comments } = parseSync(path, source);
  const found: string[] = [];
  const look = (name: string, start: number, statement: number) => {
    if (namesUnit(name)) return;
    const comment = commentBefore(source, comments, statement);
    if (!isSpan(name) && !unitInWords.test(comment)) return;
    const line = source.slice(0, start).split('\n').length;
    found.push(
      `${path}:${line}: ${name} is a time without a unit: end its name in Ms, Seconds … or give it such a type`,
    );
  };
  const parameters = (list: readonly object[]) => {
    for (const one of list) {
      const parameter = unwrapped(one as Parameter);
      if (parameter.name && isNumber(parameter.typeAnnotation?.typeAnnotation, parameter.init))
        look(parameter.name, parameter.start, parameter.start);
    }
  };
  const functions = (node: { readonly params: readonly object[] }) => parameters(node.params);
  new Visitor({
    TSPropertySignature(node) {
      if (node.key.type === 'Identifier' && isNumber(node.typeAnnotation?.typeAnnotation))
        look(node.key.name, node.start, node.start);
    },
    PropertyDefinition(node) {
      const { key, typeAnnotation, value, start } = node;
      if (key.type !== 'Identifier' && key.type !== 'PrivateIdentifier') return;
      if (isNumber(typeAnnotation?.typeAnnotation, value)) look(key.name, start, start);
    },
    VariableDeclaration(node) {
      const start = source.slice(0, node.start).endsWith('export ') ? node.start - 'export '.length : node.start;
      for (const { id, init } of node.declarations) {
        if (id.type === 'Identifier' && isNumber(id.typeAnnotation?.typeAnnotation, init))
          look(id.name, id.start, start);
      }
    },
    FunctionDeclaration: functions,
    FunctionExpression: functions,
    ArrowFunctionExpression: functions,
    TSMethodSignature: functions,
    TSFunctionType: functions,
  }).visit(program);
  return found;
}

interface Parameter {
  readonly type: string;
  readonly start: number;
  readonly name?: string;
  readonly typeAnnotation?: { readonly typeAnnotation: TSType } | null;
  readonly init?: Expression;
  readonly left?: Parameter;
  readonly right?: Expression;
  readonly parameter?: Parameter;
}

/** A parameter without its default, and out of a constructor's property. */
function unwrapped(parameter: Parameter): Parameter {
  if (parameter.parameter) return unwrapped(parameter.parameter);
  if (parameter.left && parameter.right) return { ...unwrapped(parameter.left), init: parameter.right };
  return parameter;
}

function namesUnit(name: string): boolean {
  return units.some((unit) => name.endsWith(unit) || name === unit.toLowerCase());
}

function isSpan(name: string): boolean {
  const last = name.split(/(?=[A-Z])|_/).at(-1) ?? '';
  return spans.has(last.toLowerCase()) || /coolDown$/i.test(name);
}

/** Whether it is declared as a number, or given one as it is written down. */
function isNumber(type: TSType | undefined, value?: Expression | null): boolean {
  if (!type) return value ? isFigure(value) : false;
  if (type.type === 'TSNumberKeyword') return true;
  if (type.type !== 'TSUnionType') return false;
  const others = type.types.filter((one) => one.type !== 'TSNumberKeyword');
  const empty = ['TSNullKeyword', 'TSUndefinedKeyword', 'TSLiteralType'];
  return others.length < type.types.length && others.every((one) => empty.includes(one.type));
}

function isFigure(value: Expression): boolean {
  if (value.type === 'Literal') return typeof value.value === 'number';
  if (value.type === 'ParenthesizedExpression') return isFigure(value.expression);
  return value.type === 'BinaryExpression' && (isFigure(value.left as Expression) || isFigure(value.right));
}

/** The comment that ends right above the place; empty where there is none. */
function commentBefore(source: string, comments: readonly Comment[], start: number): string {
  const above = comments.filter(({ end }) => end <= start && source.slice(end, start).trim() === '').at(-1);
  if (!above || /\S/.test(source.slice(source.lastIndexOf('\n', above.start) + 1, above.start))) return '';
  return above.value.replace(/^[\s*]+/, '');
}
