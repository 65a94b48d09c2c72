// The ttbar analysis of the Analysis Grand Challenge (examples/agc/ttbar.yaml) with
// compiled RDataFrame and its variations. What gpuana is timed against.
//
//   agc LIST THREADS      LIST has a line a file: process, variation, events, path
//
// Prints a line a histogram: its name, then its cells from the underflow on.

#include <Math/QuantFuncMathCore.h>
#include <ROOT/RDFHelpers.hxx>
#include <ROOT/RDataFrame.hxx>
#include <ROOT/RVec.hxx>
#include <TROOT.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace {

using Reals = ROOT::RVec<float>;
using Ints = ROOT::RVec<int>;
using Flags = ROOT::RVec<bool>;
using ROOT::RDF::Experimental::VariationsFor;

constexpr double kLuminosity = 3378; // per pb

double CrossSection(const std::string &process) // pb
{
   static const std::map<std::string, double> table{{"ttbar", 396.87 + 332.97},
                                                    {"single_top_s_chan", 2.0268 + 1.2676},
                                                    {"single_top_t_chan", (36.993 + 22.175) / 0.252},
                                                    {"single_top_tW", 37.936 + 37.906},
                                                    {"wjets", 61457 * 0.252}};
   return table.at(process);
}

int Electrons(const Reals &pt, const Reals &eta, const Ints &id, const Reals &sip)
{
   return ROOT::VecOps::Sum((pt > 30) && (abs(eta) < 2.1) && (id == 4) && (sip < 4));
}

int Muons(const Reals &pt, const Reals &eta, const Flags &tight, const Reals &sip, const Reals &iso)
{
   return ROOT::VecOps::Sum((pt > 30) && (abs(eta) < 2.1) && (tight == true) && (sip < 4) && (iso < 0.15));
}

ROOT::RVec<Reals> EnergyVariations(const Reals &pt)
{
   auto smear = [](float x) {
      const int digits = int(x * 1000.f) % 1000;
      return float(x * (1 + 0.05 * ROOT::Math::normal_quantile(0.001 * digits + 0.0005, 1)));
   };
   return {Map(pt, [](float x) { return float(x * 1.03); }), Map(pt, smear)};
}

// Positions of the selected jets.
Ints Chosen(const Reals &pt, const Reals &eta, const Ints &id)
{
   Ints at;
   at.reserve(pt.size());
   for (int i = 0; i < int(pt.size()); ++i)
      if (pt[i] > 30 && std::fabs(eta[i]) < 2.4 && id[i] == 6)
         at.push_back(i);
   return at;
}

// The mass of the three jets, one b-tagged at least, with the largest pt together.
double TopMass(const Reals &pt, const Reals &eta, const Reals &phi, const Reals &mass, const Reals &btag, const Ints &at)
{
   struct P {
      double x, y, z, t;
      bool b;
   };
   std::vector<P> jet;
   jet.reserve(at.size());
   for (int i : at) {
      const double z = pt[i] * std::sinh(double(eta[i])), m = mass[i], p = pt[i];
      jet.push_back({p * std::cos(double(phi[i])), p * std::sin(double(phi[i])), z, std::sqrt(p * p + z * z + m * m),
                     btag[i] > 0.5f});
   }
   double hardest = -1, squared = 0;
   for (auto a = jet.begin(); a != jet.end(); ++a)
      for (auto b = a + 1; b != jet.end(); ++b)
         for (auto c = b + 1; c != jet.end(); ++c) {
            if (!(a->b || b->b || c->b))
               continue;
            const double x = a->x + b->x + c->x, y = a->y + b->y + c->y, perp = x * x + y * y;
            if (perp > hardest) {
               const double z = a->z + b->z + c->z, t = a->t + b->t + c->t;
               hardest = perp, squared = t * t - perp - z * z;
            }
         }
   return std::sqrt(std::fmax(0, squared));
}

struct Sample {
   std::string process, variation;
   double events = 0;
   std::vector<std::string> files;
};

// A histogram and, of nominal samples, its variations.
struct Booked {
   std::string name;
   ROOT::RDF::RResultPtr<TH1D> hist;
   std::list<ROOT::RDF::Experimental::RResultMap<TH1D>> varied;
};

void Book(const Sample &sample, std::vector<Booked> &out, std::vector<ROOT::RDF::RResultHandle> &loops)
{
   ROOT::RDataFrame frame("Events", sample.files);
   const bool varies = sample.variation == "nominal", wjets = sample.process == "wjets";
   const double scale = CrossSection(sample.process) * kLuminosity / sample.events;

   ROOT::RDF::RNode df = frame;
   if (varies)
      df = df.Vary("Jet_pt", EnergyVariations, {"Jet_pt"}, {"pt_scale_up", "pt_res_up"}, "jets");
   df = df.Define("n_e", Electrons, {"Electron_pt", "Electron_eta", "Electron_cutBased", "Electron_sip3d"})
           .Define("n_mu", Muons, {"Muon_pt", "Muon_eta", "Muon_tightId", "Muon_sip3d", "Muon_pfRelIso04_all"})
           .Filter([](int e, int mu) { return e + mu == 1; }, {"n_e", "n_mu"})
           .Define("at", Chosen, {"Jet_pt", "Jet_eta", "Jet_jetId"})
           .Filter([](const Ints &at) { return at.size() > 3; }, {"at"})
           .Define("n_b", [](const Reals &tag, const Ints &at) {
                      return int(std::count_if(at.begin(), at.end(), [&](int i) { return tag[i] > 0.5f; }));
                   },
                   {"Jet_btagCSVV2", "at"})
           .Define("w", [scale] { return scale; });
   if (varies) {
      std::vector<std::string> names;
      for (int k = 0; k < 4; ++k)
         for (const char *way : {"_up", "_down"})
            names.push_back("btag_var_" + std::to_string(k) + way);
      if (wjets)
         names.insert(names.end(), {"scale_var_up", "scale_var_down"});
      auto weights = [wjets](double w, const Reals &pt, const Ints &at) {
         ROOT::RVec<double> all;
         for (int k = 0; k < 4; ++k)
            for (int sign : {1, -1})
               all.push_back(w * (1 + sign * (0.075 * pt[at[k]] / 50)));
         if (wjets)
            all.insert(all.end(), {w * 1.025, w * 0.975});
         return all;
      };
      df = df.Vary("w", weights, {"w", "Jet_pt", "at"}, names, "weights");
   }

   auto book = [&](const std::string &region, auto region_df) {
      const std::string name = region + '_' + sample.process + (varies ? "" : '_' + sample.variation);
      ROOT::RDF::TH1DModel model(name.c_str(), "", 25, 50, 550);
      Booked booked{name, region_df.template Histo1D<double, double>(model, "x", "w"), {}};
      if (varies)
         booked.varied.push_back(VariationsFor(booked.hist));
      loops.emplace_back(booked.hist);
      out.push_back(std::move(booked));
   };
   auto sum = [](const Reals &pt, const Ints &at) {
      double total = 0;
      for (int i : at)
         total += pt[i];
      return total;
   };
   book("4j1b", df.Filter([](int n) { return n == 1; }, {"n_b"}).Define("x", sum, {"Jet_pt", "at"}));
   book("4j2b", df.Filter([](int n) { return n > 1; }, {"n_b"})
                   .Define("x", TopMass, {"Jet_pt", "Jet_eta", "Jet_phi", "Jet_mass", "Jet_btagCSVV2", "at"}));
}

void Print(const std::string &name, const TH1D &hist)
{
   std::cout << name;
   for (int cell = 0; cell < hist.GetNcells(); ++cell)
      std::cout << ' ' << hist.GetBinContent(cell);
   std::cout << '\n';
}

} // namespace

int main(int argc, char **argv)
{
   if (argc != 3) {
      std::cerr << "usage: " << argv[0] << " LIST THREADS\n";
      return 2;
   }
   if (std::atoi(argv[2]) > 1)
      ROOT::EnableImplicitMT(std::atoi(argv[2]));

   std::vector<Sample> samples;
   std::ifstream list(argv[1]);
   std::string process, variation, path;
   for (double events; list >> process >> variation >> events >> path;) {
      if (samples.empty() || samples.back().process != process || samples.back().variation != variation)
         samples.push_back({process, variation, 0, {}});
      samples.back().events += events;
      samples.back().files.push_back(path);
   }

   std::vector<Booked> booked;
   std::vector<ROOT::RDF::RResultHandle> loops;
   for (const Sample &sample : samples)
      Book(sample, booked, loops);
   ROOT::RDF::RunGraphs(loops); // the loops of all samples, side by side

   std::cout.precision(17);
   for (Booked &b : booked) {
      Print(b.name, *b.hist);
      for (auto &varied : b.varied)
         for (const std::string &key : varied.GetKeys())
            if (const auto colon = key.find(':'); colon != std::string::npos)
               Print(b.name + '_' + key.substr(colon + 1), varied[key]);
   }
}
