/**
 * The document drawn as a graph, top to bottom. The builder edits it; a run shows its light on the same nodes.
 * The canvas is a projection: every change goes through the callbacks, and comes back as a new document.
 */
import '@xyflow/react/dist/style.css'
import './canvas.css'
import { useComputedColorScheme } from '@mantine/core'
import { IconLayoutDistributeVertical } from '@tabler/icons-react'
import {
  applyNodeChanges,
  Background,
  type Connection,
  ControlButton,
  Controls,
  type NodeChange,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStoreApi,
} from '@xyflow/react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { type AutomationDocument, type Position, TRIGGER } from '../model/document'
import { edgesOf } from '../model/edges'
import { CELL, NODE_WIDTH, positionsOf } from '../model/layout'
import type { StepStatus } from '../model/runs'
import { actionName, actionPhrase, triggerPhrase } from '../model/sentences'
import { type DrawnEdge, StepEdge } from './StepEdge'
import { type DrawnNode, StepNode } from './StepNode'

export interface Editing {
  onAdd: (after: string) => void
  onConnect: (source: string, target: string) => void
  onDisconnect: (source: string, target: string) => void
  onPlace: (positions: Record<string, Position>) => void
  onTidyUp: () => void
}

interface Props {
  document: AutomationDocument
  titles: ReadonlyMap<string, string>
  selected: string | null
  onSelect: (id: string | null) => void
  /** How many problems each node has, in the builder. */
  problems?: ReadonlyMap<string, number>
  /** What each step did, in a run. */
  lights?: ReadonlyMap<string, StepStatus> | undefined
  /** Whether the lights are those of a dry run. */
  isDry?: boolean
  editing?: Editing | undefined
  label: string
}

const nodeTypes = { step: StepNode }
const edgeTypes = { step: StepEdge }

export function GraphCanvas(props: Props) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  )
}

function Canvas(props: Props) {
  const { document, editing, selected, onSelect, label, isDry } = props
  const scheme = useComputedColorScheme('light')
  const drawn = useDrawnNodes(props)
  const edges = useDrawnEdges(props)
  const [nodes, setNodes] = useState(drawn)

  useEffect(() => {
    setNodes((standing) => {
      const known = new Map(standing.map((node) => [node.id, node]))
      return drawn.map((node) => {
        const measured = known.get(node.id)?.measured
        return measured ? { ...node, measured } : node
      })
    })
  }, [drawn])

  const onNodesChange = useCallback((changes: NodeChange<DrawnNode>[]) => {
    setNodes((standing) => applyNodeChanges(changes, standing))
  }, [])
  const onConnect = useCallback(
    ({ source, target }: Connection) => editing?.onConnect(source, target),
    [editing],
  )
  const showAll = useShowAll()
  useSelectedInSight(selected)
  useEffect(() => {
    window.addEventListener('canvas:fit', showAll)
    return () => window.removeEventListener('canvas:fit', showAll)
  }, [showAll])
  const count = document.actions.length
  const counted = useRef(0)
  useEffect(() => {
    // A new node may lie outside of what is seen; the first look shows everything.
    if (count > counted.current) requestAnimationFrame(showAll)
    counted.current = count
  }, [count, showAll])

  return (
    <section className="canvas" aria-label={label} data-dry={isDry || undefined}>
      <ReactFlow<DrawnNode, DrawnEdge>
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        colorMode={scheme}
        onNodesChange={onNodesChange}
        onConnect={onConnect}
        onNodeClick={(_, node) => onSelect(node.id)}
        onPaneClick={() => selected !== null && onSelect(null)}
        onNodeDragStop={(_, node) => editing?.onPlace({ [node.id]: roundPosition(node.position) })}
        nodesDraggable={editing !== undefined}
        nodesConnectable={editing !== undefined}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        disableKeyboardA11y
        nodeDragThreshold={4}
        connectionRadius={40}
        panOnScroll
        minZoom={0.3}
        maxZoom={1.5}
        onInit={showAll}
        onlyRenderVisibleElements={document.actions.length > 60}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={22} />
        <Controls showInteractive={false} onFitView={showAll} position="bottom-left" aria-label="View">
          {editing && (
            <ControlButton onClick={editing.onTidyUp} title="Tidy up" aria-label="Tidy up">
              <IconLayoutDistributeVertical />
            </ControlButton>
          )}
        </Controls>
      </ReactFlow>
    </section>
  )
}

/** A node with its light is higher than one without. */
const LIT_ROW = 170

/** Shows the whole graph from its top, not larger than it is; a long one is scrolled, not shrunk beyond reading. */
function useShowAll() {
  const { getNodes, getNodesBounds, setViewport } = useReactFlow()
  const store = useStoreApi()
  return useCallback(() => {
    const { width, height } = store.getState()
    const nodes = getNodes()
    if (width === 0 || nodes.length === 0) return
    const bounds = getNodesBounds(nodes)
    const room = { width: width - 2 * MARGIN, height: height - 2 * MARGIN - ADD_BELOW }
    const zoom = Math.min(
      1,
      Math.max(SMALLEST, Math.min(room.width / bounds.width, room.height / bounds.height)),
    )
    void setViewport({
      x: (width - bounds.width * zoom) / 2 - bounds.x * zoom,
      y: MARGIN - bounds.y * zoom,
      zoom,
    })
  }, [getNodes, getNodesBounds, setViewport, store])
}

/** Keeps the selected node in sight, wherever the selection comes from. */
function useSelectedInSight(selected: string | null): void {
  const { getNode, setCenter } = useReactFlow()
  const store = useStoreApi()
  useEffect(() => {
    const node = selected === null ? undefined : getNode(selected)
    if (!node) return
    const { width, height, transform } = store.getState()
    const [left, top, zoom] = transform
    const size = { width: NODE_WIDTH, height: node.measured?.height ?? CELL.height }
    const x = node.position.x * zoom + left
    const y = node.position.y * zoom + top
    const isSeen = x >= 0 && y >= 0 && x + size.width * zoom <= width && y + size.height * zoom <= height
    if (!isSeen) {
      void setCenter(node.position.x + size.width / 2, node.position.y + size.height / 2, {
        zoom,
        duration: 0,
      })
    }
  }, [selected, getNode, setCenter, store])
}

/** Below this zoom a sentence cannot be read. */
const SMALLEST = 0.8
const MARGIN = 36
/** The room for the plus below the last node. */
const ADD_BELOW = 40
const roundPosition = ({ x, y }: Position): Position => ({ x: Math.round(x), y: Math.round(y) })

function useDrawnNodes({
  document,
  titles,
  selected,
  problems,
  lights,
  editing,
  onSelect,
}: Props): DrawnNode[] {
  const isEditable = editing !== undefined
  const onAdd = editing?.onAdd
  return useMemo(() => {
    const positions = positionsOf(document, lights ? LIT_ROW : undefined)
    const node = (
      id: string,
      data: Omit<DrawnNode['data'], 'isSelected' | 'problems' | 'isEditable' | 'onSelect'>,
    ): DrawnNode => ({
      id,
      type: 'step',
      position: positions[id] ?? { x: 0, y: 0 },
      width: NODE_WIDTH,
      data: {
        ...data,
        isSelected: selected === id,
        problems: problems?.get(id) ?? 0,
        isEditable,
        onSelect,
        ...(onAdd && !edgesOf(document).some((edge) => edge.source === id) ? { onAdd } : {}),
      },
    })
    const trigger = node(TRIGGER, {
      type: TRIGGER,
      title: 'Trigger',
      phrase: triggerPhrase(document),
      light: lights ? 'completed' : null,
      isLit: false,
    })
    return [
      trigger,
      ...document.actions.map((action) =>
        node(action.id, {
          type: action.type,
          title: actionName(action, titles),
          phrase: actionPhrase(action),
          light: lights ? (lights.get(action.id) ?? 'pending') : null,
          isLit: lights !== undefined,
        }),
      ),
    ]
  }, [document, titles, selected, problems, lights, isEditable, onAdd, onSelect])
}

function useDrawnEdges({ document, titles, lights, editing }: Props): DrawnEdge[] {
  return useMemo(() => {
    const names = new Map(document.actions.map((action) => [action.id, actionName(action, titles)]))
    return edgesOf(document).map((edge): DrawnEdge => {
      const isTaken =
        lights !== undefined && !['pending', 'skipped'].includes(lights.get(edge.target) ?? 'pending')
      return {
        id: `${edge.source}>${edge.target}:${edge.label ?? edge.kind}`,
        source: edge.source,
        target: edge.target,
        type: 'step',
        data: {
          kind: edge.kind,
          label: edge.label,
          isTaken,
          between: `${names.get(edge.source) ?? 'the trigger'} and ${names.get(edge.target) ?? ''}`,
          ...(editing ? { onAdd: editing.onAdd, onDisconnect: editing.onDisconnect } : {}),
        },
      }
    })
  }, [document, titles, lights, editing])
}
