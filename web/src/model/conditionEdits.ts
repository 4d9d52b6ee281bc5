/** What can be done to the conditions in the editor: pure changes to the parts of a tree, by key. */
import { type GroupKind, isGroup, type Part, type Row, type Tree } from './conditions'
import { carriedValue, choicesFor, type FieldType, knowsCase, valueKind } from './operators'

type Parts = readonly Part[]

const withParts = (tree: Tree, parts: Parts): Tree => (parts === tree.parts ? tree : { ...tree, parts })

export const newRow = (key: string): Row => ({
  kind: 'row',
  key,
  field: '',
  operator: 'eq',
  value: '',
  isShort: true,
})

/** Adds a part at the end of a group, or of the whole. */
export function addPart(tree: Tree, group: string | null, part: Part): Tree {
  if (group === null) return withParts(tree, [...tree.parts, part])
  return changePart(tree, group, (standing) =>
    isGroup(standing) ? { ...standing, parts: [...standing.parts, part] } : standing,
  )
}

export function changePart(tree: Tree, key: string, change: (part: Part) => Part): Tree {
  const walk = (parts: Parts): Parts => {
    let isChanged = false
    const next = parts.map((part) => {
      if (part.key === key) {
        isChanged = true
        return change(part)
      }
      if (!isGroup(part)) return part
      const inner = walk(part.parts)
      if (inner === part.parts) return part
      isChanged = true
      return { ...part, parts: inner }
    })
    return isChanged ? next : parts
  }
  return withParts(tree, walk(tree.parts))
}

export function removePart(tree: Tree, key: string): Tree {
  const walk = (parts: Parts): Parts => {
    if (parts.some((part) => part.key === key)) return parts.filter((part) => part.key !== key)
    let isChanged = false
    const next = parts.map((part) => {
      const inner = isGroup(part) ? walk(part.parts) : null
      if (!isGroup(part) || inner === null || inner === part.parts) return part
      isChanged = true
      return { ...part, parts: inner }
    })
    return isChanged ? next : parts
  }
  return withParts(tree, walk(tree.parts))
}

/**
 * Moves a part one place up or down in reading order: past a row, into the group that stands there, and out of its own
 * group at the end of it. The same tree if there is nowhere to go.
 */
export function movePart(tree: Tree, key: string, direction: 'up' | 'down'): Tree {
  return withParts(tree, moveIn(tree.parts, key, direction) ?? tree.parts)
}

function moveIn(parts: Parts, key: string, direction: 'up' | 'down'): Parts | null {
  const index = parts.findIndex((part) => part.key === key)
  const part = parts[index]
  if (part) return moveAmong(parts, index, part, direction)
  for (const [place, group] of parts.entries()) {
    if (!isGroup(group)) continue
    const own = group.parts.findIndex((inner) => inner.key === key)
    const moved = group.parts[own]
    const isAtEdge = direction === 'up' ? own === 0 : own === group.parts.length - 1
    if (moved && isAtEdge) {
      const left = { ...group, parts: group.parts.filter((inner) => inner !== moved) }
      const both = direction === 'up' ? [moved, left] : [left, moved]
      return [...parts.slice(0, place), ...both, ...parts.slice(place + 1)]
    }
    const inner = moveIn(group.parts, key, direction)
    if (inner) return parts.map((each) => (each === group ? { ...group, parts: inner } : each))
  }
  return null
}

function moveAmong(parts: Parts, index: number, part: Part, direction: 'up' | 'down'): Parts | null {
  const neighbour = parts[direction === 'up' ? index - 1 : index + 1]
  if (!neighbour) return null
  const others = parts.filter((each) => each !== part)
  if (isGroup(neighbour)) {
    const inner = direction === 'up' ? [...neighbour.parts, part] : [part, ...neighbour.parts]
    return others.map((each) => (each === neighbour ? { ...neighbour, parts: inner } : each))
  }
  const at = others.indexOf(neighbour) + (direction === 'up' ? 0 : 1)
  return [...others.slice(0, at), part, ...others.slice(at)]
}

export const changeGroup =
  (kind: GroupKind) =>
  (part: Part): Part =>
    isGroup(part) ? { ...part, kind } : part

/** The row with another operator; its value goes on as far as it can. */
export function chooseOperator(row: Row, choiceId: string, type: FieldType): Row {
  const choice = choicesFor(type, row.operator, row.value).find(({ id }) => id === choiceId)
  if (!choice) return row
  const kind = valueKind(type, choice.operator, choice.operand ?? '')
  const value = carriedValue(kind, choice.operand, row.value)
  const ignoreCase = knowsCase(choice.operator, value) ? row.ignoreCase : undefined
  return { ...row, operator: choice.operator, value, ignoreCase, isShort: true }
}
