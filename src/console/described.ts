import type { OperationId } from '../client/client.ts'

/** An operation of a session, as openapi.yaml describes it. */
export interface Described {
  id: OperationId
  summary: string
  /** in the path and in the query, without the session */
  parameters: readonly DescribedParameter[]
  /** bodies that show what it takes; none where it takes no text */
  examples: readonly ExampleBody[]
}

export interface DescribedParameter {
  name: string
  isRequired?: true
  description?: string
  /** all that it may be */
  values?: readonly string[]
  example?: string
}

export interface ExampleBody {
  name: string
  /** JSON, or XML */
  text: string
}
