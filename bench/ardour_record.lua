-- ardour7-lua ardour_record.lua PORT SECONDS FOLDER: record a MIDI port of JACK, and print what was recorded.
local source, seconds, folder = arg[1], tonumber(arg[2]), arg[3]
local function say(...) print(...) io.stdout:flush() end
AudioEngine:set_backend("JACK", "", "")
os.execute("rm -rf " .. folder)
local s = create_session(folder, "session", 48000)
assert(s, "no session")
local tl = s:new_midi_track(ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1), ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1),
  true, ARDOUR.PluginInfo(), nil, nil, 1, "melo", ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
local track
for t in tl:iter() do track = t end
local port = track:input():nth(0)
say("port", port:name())
os.execute("sleep 1")
say("connect", port:connect(source))
local ctrl = track:rec_enable_control()
ctrl:set_value(1, PBD.GroupControlDisposition.NoGroup)
s:maybe_enable_record(false)
s:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
say("rolling", s:record_status())
ARDOUR.LuaAPI.usleep(math.floor(seconds * 1000000))
s:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
ARDOUR.LuaAPI.usleep(1500000)
local playlist = track:playlist()
local count = 0
for r in playlist:region_list():iter() do
  local mr = r:to_midiregion()
  if not mr:isnil() then
    count = count + 1
    local model = mr:midi_source(0):model()
    for note in ARDOUR.LuaAPI.note_list(model):iter() do
      say("note", count, tostring(note:time()), note:note(), note:velocity(), tostring(note:length()))
    end
  end
end
say("regions", count)
s:save_state("")
close_session()
