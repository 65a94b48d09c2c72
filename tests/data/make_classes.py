"""Writes classes.root: a tree beside an object whose class has a member of every kind that ROOT describes.

    python make_classes.py             needs PyROOT and a C++ compiler
"""
import array
import tempfile
from pathlib import Path

import ROOT

CLASSES = """
#include <array>
#include <bitset>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>
#include "TClonesArray.h"
#include "TNamed.h"
#include "TObjArray.h"
#include "TRef.h"
#include "TString.h"
struct Part { float x = 0; std::string name; };
enum Colour { red, green };
class Everything : public TNamed, public std::vector<int> {
public:
    bool yes = true; char letter = 'a'; Long64_t large = 1; Colour colour = green;
    float fixed[3] = {}; std::string strings[2]; Part parts[2];
    int n = 2; float* counted = new float[2]; //[n]
    Part* loop = new Part[2];                 //[n]
    Double32_t packed = 1;                    //[0,10,8]
    Float16_t half = 1; const char* characters = "c";
    TString text; std::string string; std::string* string_pointer = new std::string;
    std::vector<float> list; std::vector<std::string>* list_pointer = nullptr;
    std::map<int, std::string> map; std::set<short> set; std::bitset<8> bits; std::array<int, 4> array;
    TNamed object; TNamed* pointer = nullptr; TNamed* in_place = new TNamed; //->
    Part part; Part* part_pointer = nullptr; std::unique_ptr<Part> unique;
    std::vector<std::unique_ptr<Part>> owned; TObjArray objects; TClonesArray* clones = nullptr; TRef reference;
    int transient = 0;                        //!
    ClassDefOverride(Everything, 3);
};
#ifdef __CLING__
#pragma link C++ class Part+;
#pragma link C++ class Everything+;
#endif
"""

with tempfile.TemporaryDirectory() as folder:
    source = Path(folder) / "classes.h"
    source.write_text(CLASSES)
    if not ROOT.gSystem.CompileMacro(f"{source}", "k"):
        raise SystemExit("the classes do not compile")
    file = ROOT.TFile("classes.root", "RECREATE", "", 505)
    everything = ROOT.Everything()
    everything.Write("everything")
    tree, value = ROOT.TTree("Events", "Events"), array.array("f", [1])
    tree.Branch("x", value, "x/F")
    tree.Fill()
    tree.Write()
    file.Close()
print("classes.root")
