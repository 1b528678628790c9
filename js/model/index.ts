import { widgetOf } from "../data/widget";
import { leaderboard } from "./leaderboard";
import "./model.css";

export default widgetOf({
  leaderboard,
});
