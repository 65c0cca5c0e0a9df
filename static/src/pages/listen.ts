/** A recording's page: what is heard, and when it was said. */
import "../styles/stage.css";
import "../styles/replay.css";
import { mountReplay } from "../recording/replay";

mountReplay();
