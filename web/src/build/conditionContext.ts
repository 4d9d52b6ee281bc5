/** What every row of the conditions needs from the editor around them. */
import { createContext, useContext } from 'react'
import type { Tree } from '../model/conditions'
import type { KnownField } from '../model/events'
import type { Problem } from '../model/problems'

export interface ConditionContext {
  fields: readonly KnownField[]
  problemsOf: (key: string) => readonly Problem[]
  change: (edit: (tree: Tree) => Tree) => void
  /** The same, and the focus goes to what the selector finds in that part afterwards. */
  changeAndFocus: (edit: (tree: Tree) => Tree, key: string | null, selector: string) => void
  newKey: () => string
}

export const ConditionsContext = createContext<ConditionContext | null>(null)

export function useConditions(): ConditionContext {
  const context = useContext(ConditionsContext)
  if (!context) throw new Error('A condition stands outside of its editor.')
  return context
}
