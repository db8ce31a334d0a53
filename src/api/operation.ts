import type { z } from 'zod'
import type { Answer, BytesBody, Call, Examples, Operation, SessionCall, SessionRule } from '../gateway/contract/operation.ts'

/** What takes no body, no query or no parameters. */
type Nothing = z.ZodObject<Record<never, never>>

/** A value that was told by a caller: what it leaves out is not there, rather than undefined. */
type Told<Value> = Value extends readonly (infer Item)[]
  ? Told<Item>[]
  : Value extends object
    ? { [Key in keyof Value]: Told<Exclude<Value[Key], undefined>> }
    : Value

/** What `run` sees of a call, by the schemas of its operation. The body is as it came: the order of its members may mean something. */
type CallOf<Rule extends SessionRule, Params extends z.ZodType, Query extends z.ZodType, Body> = Rule extends 'none'
  ? Omit<Call<z.output<Params>, Told<z.output<Query>>, Body>, 'session'>
  : SessionCall<z.output<Params>, Told<z.output<Query>>, Body>

type BodyOf<Body extends z.ZodType, Xml extends boolean, Bytes> =
  | (Bytes extends object ? BytesBody : Told<z.output<Body>>)
  | (Xml extends true ? string : never)

type Definition<
  Rule extends SessionRule,
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Xml extends boolean,
  Bytes extends Operation['bytesBody'],
> = Omit<Operation, 'session' | 'params' | 'query' | 'body' | 'xmlBody' | 'bytesBody' | 'examples' | 'run'> & {
  session: Rule
  params?: Params
  query?: Query
  body?: Body
  xmlBody?: Xml
  bytesBody?: Bytes
  examples: Body extends z.ZodUndefined ? Omit<Examples, 'body'> : Examples & { body: Readonly<Record<string, BodyOf<Body, Xml, Bytes>>> }
  run(call: CallOf<Rule, Params, Query, BodyOf<Body, Xml, Bytes>>): Promise<Answer>
}

/** An operation whose calls have a type of their own. */
export type Defined<C extends Call> = Omit<Operation, 'run'> & { run(call: C): Promise<Answer> }

/**
 * An operation of the one table that HTTP, WebSocket and OpenAPI read. It says everything about itself, and what `run` is given has
 * the types of its schemas: `session` is there where it acts for one.
 */
export function operation<
  const Rule extends SessionRule,
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodType = z.ZodUndefined,
  const Xml extends boolean = false,
  const Bytes extends Operation['bytesBody'] = undefined,
>(definition: Definition<Rule, Params, Query, Body, Xml, Bytes>): Defined<CallOf<Rule, Params, Query, BodyOf<Body, Xml, Bytes>>> {
  return definition
}
