// Location routes. There is one set of queues, so every location exists.
import type { IRequest } from "itty-router";
import { checkProject, locationName } from "../../core/cloud-tasks/names.ts";
import { CloudTasksError, invalidArgument } from "../../core/cloud-tasks/status.ts";
import { segment } from "../native/request.ts";
import { json } from "../respond.ts";
import { type Call, locationOf, pageTokenOf } from "./call.ts";

const USUAL = "us-central1";

export async function listLocations(request: IRequest, { home }: Call): Promise<Response> {
  const project = checkProject(segment(request, "project"));
  // There is one page, which gave out no token.
  if (pageTokenOf(request) !== undefined) throw invalidArgument("Invalid page_token.");
  const [homeProject, homeLocation] = home?.split("/") ?? [];
  const location = (project === homeProject && homeLocation) || USUAL;
  return json({ locations: [locationResource({ project, location })] });
}

export async function getLocation(request: IRequest): Promise<Response> {
  return json(locationResource(locationOf(request)));
}

function locationResource(place: { project: string; location: string }): object {
  const labels = { "cloud.googleapis.com/region": place.location };
  return { name: locationName(place), locationId: place.location, labels };
}

/** Nothing is encrypted with a key of the caller's. */
export async function getCmekConfig(request: IRequest): Promise<Response> {
  return json({ name: `${locationName(locationOf(request))}/cmekConfig` });
}

export async function updateCmekConfig(): Promise<Response> {
  throw new CloudTasksError("UNIMPLEMENTED", "Keys of Google's Cloud KMS can not be used here.");
}
