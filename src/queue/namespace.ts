/** The Durable Object namespace of the class `TaskQueue`, wherever the Worker has it from. */
export type QueueNamespace = Pick<DurableObjectNamespace, "getByName">;
