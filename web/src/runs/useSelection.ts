/** Which rows of a list are selected: some, by id, or all that match; another list begins with none. */
import { useCallback, useMemo, useState } from 'react'

export interface Selection {
  isAny: boolean
  /** Whether everything that matches is selected, also what is not shown. */
  isAll: boolean
  ids: ReadonlySet<string>
  has: (id: string) => boolean
  /** Where all that match are selected, those that are shown stay so, without this one. */
  toggle: (id: string, shown: readonly string[]) => void
  /** Selects these, or none of them where all of them are selected. */
  toggleMany: (ids: readonly string[]) => void
  chooseAll: () => void
  clear: () => void
}

const NONE: ReadonlySet<string> = new Set()

export function useSelection(list: string): Selection {
  const [state, setState] = useState({ list, ids: NONE, isAll: false })
  const { ids, isAll } = state.list === list ? state : { ids: NONE, isAll: false }
  const set = useCallback(
    (change: (ids: ReadonlySet<string>) => ReadonlySet<string>) =>
      setState((standing) => ({
        list,
        ids: change(standing.list === list ? standing.ids : NONE),
        isAll: false,
      })),
    [list],
  )
  return useMemo(
    () => ({
      isAny: isAll || ids.size > 0,
      isAll,
      ids,
      has: (id) => isAll || ids.has(id),
      toggle: (id, shown) =>
        set((before) => {
          const after = new Set(isAll ? shown : before)
          if (!after.delete(id)) after.add(id)
          return after
        }),
      toggleMany: (many) => {
        const hasAll = isAll || many.every((id) => ids.has(id))
        set((before) => (hasAll ? NONE : new Set([...before, ...many])))
      },
      chooseAll: () => setState({ list, ids: NONE, isAll: true }),
      clear: () => setState({ list, ids: NONE, isAll: false }),
    }),
    [ids, isAll, list, set],
  )
}
