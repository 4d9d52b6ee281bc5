/** What a field of a form is, read from its JSON Schema; pure. */
import type { JsonSchema } from '../api/types'
import type { Json } from '../model/document'
import { capital, spoken } from '../model/phrase'

export type FieldKind =
  | 'line'
  | 'text'
  | 'number'
  | 'yesno'
  | 'choice'
  | 'openChoice'
  | 'list'
  | 'value'
  | 'json'

export interface Field {
  name: string
  label: string
  description?: string | undefined
  kind: FieldKind
  options: string[]
  isRequired: boolean
  /** Whether text with names in double braces may stand here. */
  isTemplate: boolean
  default?: Json | undefined
}

const LONG = new Set(['body', 'message', 'instructions', 'description', 'notes', 'comment', 'reason'])
const LONG_CHARACTERS = 500

/** The fields of an object's schema, the required ones first. */
export function fieldsOf(schema: JsonSchema): Field[] {
  const required = new Set(schema.required ?? [])
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) =>
    fieldOf(name, resolve(property, schema), schema, required.has(name)),
  )
  return [...fields.filter((field) => field.isRequired), ...fields.filter((field) => !field.isRequired)]
}

function fieldOf(name: string, property: JsonSchema, root: JsonSchema, isRequired: boolean): Field {
  const ways = waysOf(property, root)
  const isTemplate = ways.some((way) => way.format === 'template')
  const options = ways.flatMap((way) => (way.enum ?? []).map(String))
  return {
    name,
    label: capital(spoken(property.title && /\s/.test(property.title) ? property.title.toLowerCase() : name)),
    description: property.description?.replaceAll('`', ''),
    kind: kindOf(name, ways, isTemplate, options),
    options,
    isRequired,
    isTemplate,
    default: property.default,
  }
}

function kindOf(name: string, ways: JsonSchema[], isTemplate: boolean, options: string[]): FieldKind {
  const types = new Set(ways.map((way) => way.type))
  if (options.length > 0)
    return isTemplate || ways.some((way) => way.type === 'string' && !way.enum) ? 'openChoice' : 'choice'
  if (types.has('string')) {
    const isLong = LONG.has(name) || ways.some((way) => way.format === 'textarea' || isLongText(way))
    return isLong ? 'text' : 'line'
  }
  if (types.has('array') && ways.every((way) => way.type !== 'array' || way.items?.type === 'string'))
    return 'list'
  if (types.has('boolean')) return 'yesno'
  if (types.has('number') || types.has('integer')) return 'number'
  if (types.has('object') || types.has('array')) return 'json'
  return 'value'
}

const isLongText = (way: JsonSchema): boolean =>
  way.format !== 'template' && way.maxLength !== undefined && way.maxLength > LONG_CHARACTERS

/** The schemas that a value may follow, without null and flattened. */
function waysOf(property: JsonSchema, root: JsonSchema): JsonSchema[] {
  const ways = property.anyOf ?? property.oneOf
  if (!ways) {
    if (Array.isArray(property.type)) {
      return property.type.filter((type) => type !== 'null').map((type) => ({ ...property, type }))
    }
    return property.type === 'null' ? [] : [property]
  }
  return ways.flatMap((way) => waysOf(resolve(way, root), root))
}

function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = schema.$ref?.match(/^#\/\$defs\/(.+)$/)?.[1]
  const found = name === undefined ? undefined : root.$defs?.[name]
  return found ? { ...found, ...schema, $ref: undefined } : schema
}

/** The names of the fields that must have a value. */
export const requiredOf = (schema: JsonSchema): string[] => schema.required ?? []
